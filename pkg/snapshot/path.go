package snapshot

import "fmt"

// PathAnswers returns nil when the primary's own version comes back
// through the satellite; in a region without one, when the primary answers.
func (s *Snapshot) PathAnswers() error {
	if s.Region.Satellite.None() {
		return s.Primary.Version.Err()
	}
	endpoint, known := s.Endpoint.Get()
	if !known {
		return s.Endpoint.Err()
	}
	through, known := endpoint.Version.Get()
	if !known {
		return endpoint.Version.Err()
	}
	direct, known := s.Primary.Version.Get()
	if !known {
		return s.Primary.Version.Err()
	}
	if through != direct {
		return fmt.Errorf("version %s answers through the satellite, but %s at the primary", through, direct)
	}
	return nil
}
