package fleet

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Encode returns the Fleet as YAML that Decode reads back, after the comments,
// one line each.
func Encode(fleet v1alpha1.Fleet, comments ...string) ([]byte, error) {
	fleet.SetGroupVersionKind(v1alpha1.GroupVersion().WithKind(v1alpha1.KindFleet))
	data, err := yaml.Marshal(fleet)
	if err != nil {
		return nil, fmt.Errorf("the fleet cannot be written as YAML: %w", err)
	}
	var out bytes.Buffer
	for _, comment := range comments {
		// A comment may quote an API: it must stay on its line.
		fmt.Fprintf(&out, "# %s\n", strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || r == 0x2028 || r == 0x2029 {
				return ' '
			}
			return r
		}, comment))
	}
	out.Write(data)
	return out.Bytes(), nil
}
