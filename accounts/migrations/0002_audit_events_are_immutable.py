"""On PostgreSQL the database itself refuses to change or delete an audit event."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

CREATE = """
CREATE FUNCTION accounts_audit_event_is_written_once() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'audit events are written once';
END;
$$ LANGUAGE plpgsql;
CREATE TRIGGER accounts_audit_event_is_written_once
    BEFORE UPDATE OR DELETE ON accounts_auditevent
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_event_is_written_once();
"""
DROP = """
DROP TRIGGER accounts_audit_event_is_written_once ON accounts_auditevent;
DROP FUNCTION accounts_audit_event_is_written_once();
"""


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
