package gitops

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// handedOver is what `export flux` writes for Git.
func handedOver(t *testing.T, fleet, region string) string {
	t.Helper()
	return from(t, 0, fleet, region, "export", "flux").Stdout
}

// fromOCI is the same chart from a registry, as somebody patches the exported HelmRelease: Flux adds a digest to its version.
const fromOCI = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: coder, namespace: coder-satellite}
spec: {interval: 1m, url: oci://registry.example.com/charts/coder, ref: {tag: 1.21.7}}
`

// running are the identities of what serves a satellite's users.
func running(t *testing.T, region string) string {
	t.Helper()
	return kubectl(t, region, "--namespace", inlab.SatelliteNamespace, "get", "replicasets,pods", "--sort-by", "metadata.uid",
		"-o", `jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid}{"\n"}{end}`)
}

// edited writes a changed copy of the lab's Fleet file, and returns its name.
func edited(t *testing.T, name string, edit func(*v1alpha1.Fleet)) string {
	t.Helper()
	data, err := os.ReadFile(lab.Path("fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var fleet v1alpha1.Fleet
	if err := yaml.UnmarshalStrict(data, &fleet); err != nil {
		t.Fatal(err)
	}
	edit(&fleet)
	if data, err = yaml.Marshal(fleet); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lab.Path(name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A satellite that the plugin installed is handed to Flux: it keeps its pods and its key, and belongs to Flux from then on.
func TestSatelliteForFlux(t *testing.T) {
	const region, namespace, name = "london", inlab.SatelliteNamespace, "coder-satellite"
	on(t, 0, region, "migrate", "--yes")
	f, v := begin(t, region), view(t, region)
	pods, before := running(t, region), look(t, v)
	if err := os.WriteFile(lab.Path("two-replicas.yaml"), []byte("coderd: {replicas: 2}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	two := edited(t, "two-replicas-fleet.yaml", func(f *v1alpha1.Fleet) { f.Defaults.Values = append(f.Defaults.Values, "two-replicas.yaml") })
	for i, source := range []string{"HelmRepository", "OCIRepository"} {
		if i == 0 {
			apply(t, region, handedOver(t, "fleet.yaml", region))
		} else {
			apply(t, region, fromOCI)
			kubectl(t, region, "--namespace", namespace, "patch", "helmrelease", name, "--type=merge", "--patch",
				`{"spec":{"chart":null,"chartRef":{"kind":"OCIRepository","name":"coder"}}}`)
		}
		f.ready(t, namespace, name)
		after := look(t, v)
		if diff := cmp.Diff(pods, running(t, region)); diff != "" {
			t.Errorf("%s: pods (-before +after the adoption):\n%s", source, diff)
		}
		if err := after.Rule(); after.Key != before.Key || len(after.Records) != len(before.Records)+1+i || err != nil {
			t.Errorf("%s: key %s, was %s; %d records, were %d; %v", source, after.Key, before.Key, len(after.Records), len(before.Records), err)
		}
		eventually(t, "the owner's report", func() bool { // while it reconciles it says that it is not ready
			found := check(t, region, "satellite-owner")
			return found.State == v1alpha1.CheckPass && found.Message == "Flux's HelmRelease coder-satellite/coder-satellite owns it, and is ready"
		})
		on(t, 0, region, "status")
		quiet(t, region, func() {
			on(t, 0, region, "migrate", "--yes")
			says(t, from(t, 0, two, region, "plan").Stdout, "wait until Flux's HelmRelease", "the values differ: coderd.replicas", "then wait until Flux has applied it")
			for _, args := range [][]string{{"remove", "--yes"}, {"rollback", "--remove-satellite", "--yes"}} {
				says(t, on(t, 5, region, args[0], args[1:]...).Stdout, "Flux's HelmRelease coder-satellite/coder-satellite owns the satellite's release",
					"flux --context london --namespace coder-satellite delete helmrelease coder-satellite")
			}
		})
	}
	// It waits for Git, and leaves everything as it is.
	waited := from(t, 124, two, region, "migrate", "--yes", "--step-timeout", "2s")
	says(t, waited.Stdout+waited.Stderr, "the values differ: coderd.replicas", "change it in Git", "the satellite's release stays as it is: Flux's HelmRelease")
	if after := look(t, v); after.Rule() != nil || after.Switch != meddle.On || len(after.Records) != len(before.Records)+2 {
		t.Errorf("after a wait in vain: %s", after)
	}

	// what is changed in Git is Flux's to do
	kubectl(t, region, "--namespace", namespace, "patch", "helmrelease", name, "--type=merge", "--patch", `{"spec":{"values":{"coderd":{"replicas":2}}}}`)
	f.ready(t, namespace, name)
	from(t, 0, two, region, "migrate", "--yes") // which ends what the wait in vain began
	quiet(t, region, func() { from(t, 0, two, region, "migrate", "--yes") })
	if after := look(t, v); after.Key != before.Key || after.Rule() != nil || len(after.Records) != len(before.Records)+3 {
		t.Errorf("after a change in Git: %s", after)
	}
}

// A satellite that only Flux installs: the run waits for what `export` writes, and what fails then is told in Flux's words.
func TestSatelliteFromFlux(t *testing.T) {
	const region, namespace, name = "ohio", inlab.SatelliteNamespace, "coder-satellite"
	f, v := begin(t, region), view(t, region)
	managed := edited(t, "managed-fleet.yaml", func(f *v1alpha1.Fleet) {
		for i := range f.Regions {
			f.Regions[i].Satellite.ManagedBy = "flux"
		}
	})
	toCommit := []string{"Flux's HelmRelease coder-satellite/coder-satellite is not in this cluster", "kubectl coder-satellite export flux --filename managed-fleet.yaml --region ohio"}
	quiet(t, region, func() { says(t, from(t, 0, managed, region, "plan").Stdout, toCommit...) })

	done := make(chan inlab.Result, 1)
	go func() {
		done <- lab.Plugin(context.WithoutCancel(t.Context()), "migrate", "-f", managed, "--region", region, "--yes")
	}()
	eventually(t, "the run that waits", func() bool {
		journal, _ := lab.Kubectl(t.Context(), region, "--namespace", namespace, "get", "configmaps", "-o", "yaml")
		return strings.Contains(journal, "install-satellite")
	})
	if waiting := look(t, v); len(waiting.Records) > 0 || waiting.Switch != meddle.Off {
		t.Errorf("while it waits: %s", waiting)
	}
	apply(t, region, handedOver(t, managed, region))
	result := <-done
	if result.Code != 0 {
		t.Fatal(result)
	}
	says(t, result.Stderr, toCommit...)
	installed := look(t, v)
	if err := installed.Rule(); err != nil || installed.Switch != meddle.On || len(installed.Records) != 1 {
		t.Fatalf("%s: %v", installed, err)
	}
	eventually(t, "the owner's report", func() bool { return check(t, region, "satellite-owner").State == v1alpha1.CheckPass })
	quiet(t, region, func() { from(t, 0, managed, region, "migrate", "--yes") })

	kubectl(t, region, "--namespace", namespace, "patch", "helmrelease", name, "--type=merge", "--patch", `{"spec":{"values":{"coderd":{"serviceSpec":{"type":"Nonsense"}}}}}`)
	eventually(t, "the failure", func() bool {
		return f.release(t, namespace, name, `{.status.conditions[?(@.type=="Ready")].status}`) == "False"
	})
	failed := from(t, 124, managed, region, "migrate", "--yes", "--step-timeout", "3s")
	says(t, failed.Stdout, "Flux's HelmRelease coder-satellite/coder-satellite says: Helm upgrade failed for release coder-satellite/coder-satellite", "Nonsense")
	if after := look(t, v); after.Key != installed.Key || after.Switch != meddle.On || after.Rule() != nil {
		t.Errorf("after the failure: %s: %v", after, after.Rule())
	}
	kubectl(t, region, "--namespace", namespace, "patch", "helmrelease", name, "--type=merge", "--patch", `{"spec":{"values":{"coderd":{"serviceSpec":null}}}}`)
	f.ready(t, namespace, name)
	from(t, 0, managed, region, "migrate", "--yes")
	from(t, 0, managed, region, "rollback", "--yes")
	if after := look(t, v); after.Key != installed.Key || after.Switch != meddle.Off {
		t.Errorf("after the rollback: %s", after)
	}
}
