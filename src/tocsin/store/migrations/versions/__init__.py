"""One file a step, named `NNNN_what_is_new.py`. A step never imports a room: it says what the schema was on that day."""
