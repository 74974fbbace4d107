"""A local Spark session."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any


def spark_session() -> Any:
    """Return a session on two cores of this machine, that listens on the loopback address alone."""
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    from pyspark.sql import SparkSession

    builder: Any = SparkSession.builder
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.master("local[2]").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def frame_of(session: Any, table: Any) -> Any:
    """Return a frame of Spark with the rows of an Arrow table."""
    with warnings.catch_warnings():  # pyspark 4.3 says that it does not know pandas 3 well
        warnings.simplefilter("ignore")
        return session.createDataFrame(table)
