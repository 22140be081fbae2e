"""REST that joins rooms: the seeds' status and configuration, events, stops, feeds, jobs, notifications, health."""
