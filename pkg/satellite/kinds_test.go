package satellite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestKinds(t *testing.T) {
	spec := Spec{Values: map[string]any{"policy": true}}
	template := func(text string) *Chart {
		c := newChart("1.21.7")
		c.Templates = append(c.Templates, &chart.File{Name: "templates/more.yaml", Data: []byte(text)})
		return &Chart{Chart: c}
	}
	const policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n"
	configMap, networkPolicy := schema.GroupKind{Kind: "ConfigMap"}, schema.GroupKind{Group: "networking.k8s.io", Kind: "NetworkPolicy"}
	for name, test := range map[string]struct {
		text, version string
		want          []schema.GroupKind
		err           string
	}{
		"by the values":     {"{{ if .Values.policy }}\n" + policy + "---\n" + policy + "{{ end }}", "", []schema.GroupKind{configMap, networkPolicy}, ""},
		"not by the values": {"{{ if not .Values.policy }}\n" + policy + "{{ end }}", "", []schema.GroupKind{configMap}, ""},
		"by the version":    {"{{ if semverCompare \"<1.25.0-0\" .Capabilities.KubeVersion.Version }}\n" + policy + "{{ end }}", "v1.24.3", []schema.GroupKind{configMap, networkPolicy}, ""},
		"of a newer one":    {"{{ if semverCompare \"<1.25.0-0\" .Capabilities.KubeVersion.Version }}\n" + policy + "{{ end }}", "v1.29.3", []schema.GroupKind{configMap}, ""},
		"a hook's": {
			"apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, annotations: {helm.sh/hook: pre-install}}\n", "",
			[]schema.GroupKind{configMap, {Group: "batch", Kind: "Job"}}, "",
		},
		"none": {`{{ required "give a name" .Values.name }}`, "", nil, "chart coder 1.21.7 cannot be rendered with these values: "},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := At(nil, "edge", "coder-satellite").Kinds(spec, template(test.text), test.version)
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
