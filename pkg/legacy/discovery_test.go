package legacy

import (
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// discovery answers discovery requests, and returns nil for other paths.
func (s *apiServer) discovery(path string) any {
	resources := func(groupVersion string) any {
		list := metav1.APIResourceList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "APIResourceList"}, GroupVersion: groupVersion}
		for _, v := range s.served {
			if v.groupVersion() == groupVersion {
				list.APIResources = append(list.APIResources, metav1.APIResource{
					Name: v.resource, Kind: v.kind, Namespaced: v.kind != "Namespace" && !strings.HasPrefix(v.kind, "Cluster"), Verbs: []string{"get", "list", "create", "update", "patch", "delete"},
				})
			}
		}
		if list.APIResources == nil {
			return nil
		}
		return list
	}
	switch {
	case path == "/version":
		return map[string]string{"major": "1", "minor": "29", "gitVersion": "v1.29.3"}
	case path == "/api":
		return metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}}
	case path == "/apis":
		list := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "APIGroupList"}}
		groups := map[string][]metav1.GroupVersionForDiscovery{}
		for _, v := range s.served {
			entry := metav1.GroupVersionForDiscovery{GroupVersion: v.groupVersion(), Version: v.version}
			if v.group != "" && !slices.Contains(groups[v.group], entry) {
				groups[v.group] = append(groups[v.group], entry)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(groups)) {
			list.Groups = append(list.Groups, metav1.APIGroup{Name: name, Versions: groups[name], PreferredVersion: groups[name][0]})
		}
		return list
	case path == "/api/v1":
		return resources("v1")
	case strings.HasPrefix(path, "/apis/") && strings.Count(path, "/") == 3:
		return resources(strings.TrimPrefix(path, "/apis/"))
	}
	return nil
}
