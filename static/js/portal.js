// The portal's own script.
