-- Whether a day has an unsettled trigger, for which its partition is kept: $1 the day.
select exists (select 1 from headgate.trigger where day = ($1::timestamptz at time zone 'UTC')::date and state < ${state.final})
