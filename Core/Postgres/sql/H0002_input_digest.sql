-- A start with the id of an execution that has left the engine is recognized by its input.

-- SHA-256 of the input without its secrets; null: it ended before this column existed.
alter table headgate_history.ended_execution add column digest bytea;
