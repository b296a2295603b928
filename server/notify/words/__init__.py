"""What a message says, made at the last moment before it leaves.

writing     from a row of the outbox to the message
texts       its title, lines and link, in Chinese and English (pure)
late        what is still worth telling when it can leave at last (pure)
harmless    names as strangers may have written them (pure)
"""
