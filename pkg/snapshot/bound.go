package snapshot

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// Satellite is the satellite's release at its site.
func (src *Source) Satellite() satellite.Release {
	return satellite.At(src.Access, src.Region.Namespace, src.Region.Release)
}

// Legacy is where the provider's legacy release is looked for. Its backups lie
// beside the satellite.
func (src *Source) Legacy() legacy.Site {
	return legacy.At(src.Access, src.Region.Namespace)
}
