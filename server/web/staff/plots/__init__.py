"""What was measured, drawn by the server as SVG, with the same in words (pure).

lines       numbers over time
lanes       states over time
picks       what one snapshot says of a unit
"""
