-- How much of MSFT was kept: answers, rows, and the days that they speak of.
select count(distinct requested_at) as answers, count(*) as "rows", min(date) as first_day, max(date) as last_day,
       min(requested_at) as first_asked, max(requested_at) as last_asked
from msft
