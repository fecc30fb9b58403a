# What customers are told in the Portuguese of Brazil.

online = Vamos te encaminhar para um atendente disponível
offline = Não há atendentes disponíveis no momento. Assim que houver um, vamos te atender.
full = Todos os nossos atendentes estão ocupados no momento. Por favor, tente novamente mais tarde.
closed = Estamos fechados no momento. Por favor, escreva novamente durante o nosso horário de atendimento.
inactive = Você ainda está aí? Sem uma resposta, vamos encerrar esta conversa.
absent = No momento { $agent } não está disponível. Outro atendente vai te ajudar.
absent_colleague = No momento { $agent } não está disponível. { $colleague } pode te ajudar.
help_desk_off = No momento nossos atendentes não respondem mensagens. Por favor, tente novamente mais tarde.
