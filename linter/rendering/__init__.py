"""What kustomize and Helm build: judged as it is built, and told of where it was written."""
