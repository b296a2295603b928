"""``waystation demo``: five real networks on one machine, with simulated readings.

    networks    the five networks as they have been published
    named       the stations that were written about by name
    areas       districts, streets and names for the invented ones
    usual       what stations of each network usually are
    stations    all stations of a demo of a given size, and their simulated lives
    folder      where the demo keeps its files; one demo at a time in each
    broker      a Mosquitto of its own
    admin       who may sign in to its console
    past        weeks of history, made before the server starts
    processes   the children: started in order, watched, ended in the other order
    demo        all of it, in order

Failure policy: a demo is whole or it ends. When a child dies, the others are ended and it is said which.
"""
