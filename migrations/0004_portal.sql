-- Portal: sessions of citizens and staff.
CREATE SCHEMA portal;
