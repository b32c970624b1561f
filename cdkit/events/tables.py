"""The tables of an outbox, version 1: events, their deliveries, and sinks to be left alone."""

_EVENT = """
CREATE TABLE event (
  number INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  data BLOB NOT NULL,
  made REAL NOT NULL,
  UNIQUE (source, id)
)"""
_DELIVERY = """
CREATE TABLE delivery (
  key TEXT PRIMARY KEY,
  event INTEGER NOT NULL REFERENCES event,
  sink TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting',
  tries INTEGER NOT NULL DEFAULT 0,
  said TEXT NOT NULL DEFAULT '',
  settled REAL
) WITHOUT ROWID"""
_PAUSE = "CREATE TABLE pause (sink TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID"
_BY_STATE = "CREATE INDEX delivery_by_state ON delivery (sink, state, event)"
STATEMENTS = (_EVENT, _DELIVERY, _PAUSE, _BY_STATE)

_FOREIGN_PAUSE = "EXISTS (SELECT 1 FROM pause WHERE typeof(until) NOT IN ('real', 'integer'))"
_FOREIGN_DELIVERY = """typeof(key) <> 'text' OR typeof(sink) <> 'text' OR typeof(state) <> 'text'
  OR typeof(said) <> 'text' OR typeof(tries) <> 'integer'"""

FOREIGN_ROWS = f"""
SELECT EXISTS (SELECT 1 FROM event WHERE typeof(source) <> 'text' OR typeof(id) <> 'text')
  OR EXISTS (SELECT 1 FROM delivery WHERE {_FOREIGN_DELIVERY}) OR {_FOREIGN_PAUSE}
"""  # noqa: S608 - our text
"""Whether rows hold what we never wrote: a column of SQLite takes a value of any type."""

FOREIGN_LEFT = f"""
SELECT EXISTS (SELECT 1 FROM delivery CROSS JOIN event ON event.number = delivery.event
    WHERE state NOT IN ('delivered', 'handed')
    AND (typeof(source) <> 'text' OR typeof(id) <> 'text' OR {_FOREIGN_DELIVERY}))
  OR {_FOREIGN_PAUSE}
"""  # noqa: S608 - the same
"""The same of what is to be sent yet, for an outbox that none but this machine wrote to.

It does not read what was delivered in the last thirty days.
"""
