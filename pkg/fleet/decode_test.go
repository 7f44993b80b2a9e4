package fleet_test

import (
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// Strings printed as YAML are read back unchanged.
func TestDecodeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(`[a-z0-9./:@ _#'"{}*&!~-]{0,20}`),
			// YAML folds some Unicode line breaks, but no name contains one
			rapid.StringOf(rapid.Rune().Filter(unicode.IsPrint)),
			rapid.SampledFrom([]string{"", "null", "~", "true", "yes", "1", "1.20", "0x1f", "1e3", "2026-01-02", "<<", "=", "- a", "a: b", "\n", "é", "日本"}),
		)
		texts := rapid.SliceOfN(text, 0, 3)
		in := v1alpha1.Fleet{
			Coder:    v1alpha1.Coder{URL: text.Draw(t, "url"), CAFile: text.Draw(t, "ca")},
			Chart:    v1alpha1.Chart{Repo: text.Draw(t, "repo"), Name: text.Draw(t, "chart"), Version: text.Draw(t, "version")},
			Defaults: v1alpha1.Defaults{Namespace: text.Draw(t, "namespace"), Values: texts.Draw(t, "values")},
			Regions: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) v1alpha1.Region {
				return v1alpha1.Region{Name: text.Draw(t, "name"), Context: text.Draw(t, "context"), AccessURL: text.Draw(t, "accessURL"),
					Values: texts.Draw(t, "values"), Satellite: v1alpha1.Satellite{ManagedBy: text.Draw(t, "managedBy")}, Canary: v1alpha1.Canary{Workspace: text.Draw(t, "canary")}}
			}), 0, 4).Draw(t, "regions"),
			Rollout: v1alpha1.Rollout{
				Waves: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) v1alpha1.Wave {
					return v1alpha1.Wave{Name: text.Draw(t, "wave"), Regions: texts.Draw(t, "regions"), Soak: text.Draw(t, "soak"),
						Window: v1alpha1.Window{Days: texts.Draw(t, "days"), From: text.Draw(t, "from")}, Gates: []v1alpha1.Gate{{Check: "canary", Exec: texts.Draw(t, "exec")}}}
				}), 0, 3).Draw(t, "waves"),
				Home: text.Draw(t, "home"), MaxParallel: rapid.Int().Draw(t, "parallel"), MaxFailures: rapid.Int().Draw(t, "failures"),
			},
		}
		in.SetGroupVersionKind(v1alpha1.GroupVersion().WithKind(v1alpha1.KindFleet))
		data, err := yaml.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		out, err := fleet.Decode("f", data)
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		if diff := cmp.Diff(in, *out, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-in +out):\n%s\n%s", diff, data)
		}
	})
}
