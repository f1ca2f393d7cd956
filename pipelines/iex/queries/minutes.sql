-- The day's minute bars of MSFT by the half hour: minutes without a trade have no prices.
-- chart: line half_hour volume
select date, substr(minute, 1, 3) || case when substr(minute, 4, 1) < '3' then '00' else '30' end as half_hour,
       max(high) as high, min(low) as low, sum(volume) as volume, sum("numberOfTrades") as trades,
       sum(case when high is null then 1 else 0 end) as silent_minutes
from msft_1d
where requested_at = (select max(requested_at) from msft_1d)
group by 1, 2
order by 1, 2
