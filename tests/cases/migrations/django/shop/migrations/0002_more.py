from django.db import migrations, models
from django.contrib.postgres.operations import AddIndexConcurrently


def fill(apps, schema_editor):
    apps.get_model("shop", "Order").objects.update(note="x")


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]

    operations = [
        migrations.AddField("order", "total", models.IntegerField(default=0)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterUniqueTogether("order", set()),
        migrations.AlterField("customer", "name", models.CharField(max_length=40)),
        migrations.RunSQL(
            """
            ALTER TABLE shop_order
              DROP COLUMN note;
            CREATE INDEX hand ON shop_order (total);
            """,
            "SELECT 1",
            state_operations=[migrations.RemoveField("order", "note")],
        ),
        migrations.AlterField("order", "customer", models.ForeignKey("shop.Customer", models.SET_NULL, null=True, db_constraint=False)),
        migrations.RenameField("order", "number", "no"),
        migrations.AlterField("order", "no", models.BigIntegerField()),
        AddIndexConcurrently("order", models.Index(fields=["total"], name="tot")),
    ]
