"""What riders are told by hand, and what they report.

notices      ``/staff/notices``
notice_form  the form of one (pure)
reports      ``/staff/reports``: what riders report, as work
"""
