from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_more")]
    operations = [migrations.AlterModelOptions("order", {"ordering": ["no"]})]
