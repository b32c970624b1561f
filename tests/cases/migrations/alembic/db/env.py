from alembic import context
config = context.config
def offline():
    context.configure(url=config.get_main_option("sqlalchemy.url"), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
print("garbage on stdout {}")
offline()
