-- Days from the publication of a call to the award, by the buyers' country: where the award's notice names a notice that
-- is here, or belongs to the same procedure.
-- param: country text = all  Of the buyer, ISO 3166-1 alpha-2.
-- chart: bar country median_days
with results as (
  select notice_id, version, country, publication_date, procedure_id,
         unnest(regexp_extract_all(coalesce(previous_notices, ''), '[0-9]+-[0-9]{4}') || [null]) as named
  from notices where stage = 'result'
), calls as (
  select r.notice_id, r.version, min(c.publication_date) as called
  from results r join notices c
    on c.stage = 'competition' and (c.notice_id = r.named or (c.procedure_id = r.procedure_id and r.named is null))
  where c.publication_date < r.publication_date
  group by all
), awarded as (
  select a.country, c.called, coalesce(a.award_date, a.conclusion_date, a.publication_date) as awarded, a.notice_id
  from calls c join awards a using (notice_id, version)
)
select coalesce(country, '?') as country, count(*) as contracts, count(distinct notice_id) as notices,
       round(median(awarded - called)) as median_days, min(awarded - called) as least, max(awarded - called) as most,
       count(*) filter (where regexp_matches(notice_id, '^9(\d{5}|\d{7})-')) as generated
from awarded
where awarded >= called and :country in ('all', country)
group by 1
order by contracts desc, country
