"""Figures over days, weeks and years of one hospital, for its admins. They only read.

`facts` says what is counted of each doctor's day, `spans` how long things took; both read closed days from where they
are kept (models/figures.py), and count the others anew. Whatever else is here adds these up.
"""
