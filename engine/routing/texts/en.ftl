# What customers are told in English. Each message has the name of a text of `relevo_wire::vocabulary::Text`
# and that one's variables; the three files have the same.

online = Let's send you to an available agent
offline = There are no agents available at this time. When one becomes available, we'll connect you.
full = All our agents are busy at the moment. Please try again later.
closed = We are closed at the moment. Please write to us again during our opening hours.
inactive = Are you still there? Without an answer we will end this conversation.
absent = { $agent } is away at the moment. Another agent will help you.
absent_colleague = { $agent } is away at the moment. { $colleague } can help you instead.
help_desk_off = Our agents do not answer messages at the moment. Please try again later.
