-- Forgets load in the past: $1 second.
delete from headgate.load where second < $1
