from tests.data.conftest import table

__all__ = ["table"]
