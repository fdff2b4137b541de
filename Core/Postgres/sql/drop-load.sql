-- Deletes load histogram entries before a second: $1 second.
delete from headgate.load where second < $1
