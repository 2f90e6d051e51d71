from tests.data.conftest import events_by_hand, table

__all__ = ["events_by_hand", "table"]
