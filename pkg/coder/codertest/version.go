package codertest

import "github.com/Masterminds/semver/v3"

// Minor versions of v1 with different capabilities.
const (
	satellitesCame   = 21 // and so did the option of Networking v2
	netV2OptionWent  = 22 // Networking v2 is always on
	newest           = 44
	defaultVersion   = "1.21.3"
	versionHeaderKey = "coder-version"
)

// SetVersion changes the version, as an upgrade would. A text that is not a version is reported
// unchanged (an empty one not at all), and capabilities stay the same.
func (p *Primary) SetVersion(version string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.version = version
	switch parsed, err := semver.NewVersion(version); {
	case err != nil:
	case parsed.Major() > 1:
		p.minor, p.patch = newest, 0
	default:
		p.minor, p.patch = int(parsed.Minor()), int(parsed.Patch())
	}
}

// hasSatellites reports whether the primary knows satellites.
func (p *Primary) hasSatellites() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.minor >= satellitesCame
}

// hasNetV2 reports whether providers have the option Networking v2. The caller holds mu.
func (p *Primary) hasNetV2() bool { return p.minor >= satellitesCame && p.minor < netV2OptionWent }
