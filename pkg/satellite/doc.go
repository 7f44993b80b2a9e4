// Package satellite installs, upgrades, examines and uninstalls the Helm
// release of a satellite (chart coder/coder in satellite mode), in one region's
// cluster, with the Helm SDK. What it tells about a release never holds the
// data of a Secret, nor the private key of the satellite.
package satellite
