"""One runner a peer, by its public interface: SCRIPT JOB, run in the environment of that peer."""
