"""People from a spreadsheet: checked row by row, added all together or not at all."""
