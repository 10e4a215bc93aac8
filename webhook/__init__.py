"""The online front: AdmissionReviews in, decisions out."""
