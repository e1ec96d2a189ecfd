"""One list per colleague of what is still to do, whatever context it comes from."""
