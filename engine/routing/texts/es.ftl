# What customers are told in Spanish: words that are understood in every country, and the polite form.

online = Vamos a comunicarle con un agente disponible
offline = En este momento no hay agentes disponibles. En cuanto haya uno, le atenderemos.
full = Todos nuestros agentes están ocupados en este momento. Por favor, inténtelo de nuevo más tarde.
closed = En este momento estamos cerrados. Por favor, vuelva a escribirnos en nuestro horario de atención.
inactive = ¿Sigue ahí? Si no recibimos respuesta, terminaremos esta conversación.
absent = { $agent } no está en este momento. Le atenderá otro agente.
absent_colleague = { $agent } no está en este momento. { $colleague } puede atenderle.
help_desk_off = En este momento nuestros agentes no atienden mensajes. Por favor, inténtelo de nuevo más tarde.
