"""One AdmissionReview judged and answered: pure, on the rules and the standard library alone."""
