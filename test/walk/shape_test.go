package walk

import (
	"fmt"
	"strings"
)

// shape is the topology of the region in which a walk takes place.
type shape struct {
	name string
	// lab has the arguments for a lab with only this region.
	lab []string
	// providers are the providers' names if there are several.
	providers []string
	// flux is set if Flux owns the legacy release.
	flux bool
}

// shapes are the documentation's cases. The first is the most common.
func shapes() []shape {
	return []shape{
		{name: "simple", lab: []string{"--regions", "sydney"}},
		{name: "spread", lab: []string{"--topology", "spread"}, providers: []string{"london-a", "london-b"}},
		{name: "shared", lab: []string{"--topology", "shared"}, providers: []string{"paris-1", "paris-2"}},
		{name: "builtin", lab: []string{"--topology", "builtin"}},
		{name: "flux", lab: []string{"--regions", "sydney"}, flux: true},
	}
}

// shapeOf returns the shape of that name.
func shapeOf(name string) (shape, error) {
	for _, s := range shapes() {
		if s.name == name {
			return s, nil
		}
	}
	return shape{}, fmt.Errorf("there is no shape %q", name)
}

// some limits a verb that changes a region to one of several providers, now and then, or adds what to do with Flux.
func (s shape) some(verb string, pick int) string {
	if s.flux {
		return verb + policy(verb, pick)
	}
	if len(s.providers) == 0 || pick%4 != 0 || !changes(verb) || strings.HasPrefix(verb, "unlock") {
		return verb
	}
	return verb + " --provider " + s.providers[pick/4%len(s.providers)]
}

// policy is the flag that says what to do with a HelmRelease; often there is none.
func policy(verb string, pick int) string {
	switch strings.Fields(verb)[0] {
	case "migrate", "retain", "plan":
		return []string{"", " --gitops suspend", " --gitops suspend", " --gitops suspend", " --gitops wait"}[pick%5]
	case "rollback":
		return []string{"", " --gitops resume"}[pick%2]
	}
	return ""
}
