"""How `report-dora` shows what it measured."""
