-- What was said last of each day of MSFT: a day is in the answers of many runs, and the newest holds.
-- param: top integer = 5  How many days, the newest first.
select date, open, high, low, close, volume, requested_at
from (
  select answers.*, row_number() over (partition by date order by requested_at desc) as place
  from msft as answers
) as ranked
where place = 1
order by date desc
limit :top
