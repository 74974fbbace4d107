"""One module or package a stage: it measures and knows no pytest."""
