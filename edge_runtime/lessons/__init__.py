"""What people teach a point: "this part is defective", "this part is good"; kept, learned and in force in seconds."""
