"""Service counts (服务人次): how many came through the doors, for those who report a network to a city.

    periods     days, weeks, months, years and ranges, and the period before each (pure)
    model       what a report holds: lines of sums, each with what it rests on (pure)
    tally       days of stations into sums (pure)
    summing     sums into the lines of a report (pure)
    held        for which days there is data
    numbers     what staff enter by hand, kept in ``desk.db`` apart from what is measured
    gather      reads the daily roll-ups, the registry and the desk, and has them summed
    words       the report as sentences, Chinese and English (pure)
    columns     what stands in a table's columns, for all tables alike (pure)
    tables      CSV and JSON
    sheets      XLSX
    demand      the file of demand points, with demand_columns, and demand_words for what is told of it (pure)
    astray      points of demand that lie where no station is (pure)
    reach       the 15-minute circle: who has an open station near, hour by hour (pure)

Measured counts are never mixed with what somebody has entered or estimated: each has its own columns. A time
without data is no zero. All of it is for staff; riders and feeds are told none of it.
"""
