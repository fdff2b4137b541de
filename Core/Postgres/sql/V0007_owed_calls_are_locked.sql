-- Whoever takes owed calls locks them, which asks for this privilege.
grant update on headgate.owed_call to headgate_engine;
