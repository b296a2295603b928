"""Staff: who they are, how they come in, and what each may do.

    roles        the table of what each role may do, and the places it is limited to; pure
    passwords    argon2id hashes, the rules for new passwords, generated ones
    users        the people, in desk.db; every change of them is in the audit log
    audit        who did what to whom and when, never changed afterwards
    sessions     who is signed in: random tokens, of which only hashes are kept; CSRF tokens
    lockout      five wrong passwords in a quarter of an hour, and then none
    signin       the way in, and changing one's own password: all of the above in the right order

Failure policy: what is not allowed in so many words is refused. A file that cannot be read lets nobody in;
one that cannot be written lets nobody new in and ends nobody's session.
"""
