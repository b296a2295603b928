"""Messages that have to leave: kept in ``desk.db`` until their target has taken them.

outbox      puts them there, hands them out and notes what became of them
retry       when a refused one is tried again, and until when (pure)
pace        how often one bot may be spoken to (pure)
upkeep      second receivers, an end of waiting, old rows out of the way
monthly     the self-test of each receiver
health      how each channel is doing
"""
