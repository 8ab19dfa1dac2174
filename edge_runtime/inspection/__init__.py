"""What is made of a picture once it is there: region, model under a deadline, decision, drawing."""
