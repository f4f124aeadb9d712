"""Where to train: the choice, what is known of each cluster, and the dialogs that add and change them."""
