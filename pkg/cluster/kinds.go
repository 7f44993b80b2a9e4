package cluster

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// knownFirst maps the kinds that every cluster serves without a request; only other kinds take discovery.
type knownFirst struct {
	meta.RESTMapper
	known *meta.DefaultRESTMapper
}

func (m knownFirst) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	if mapping, err := m.known.RESTMapping(kind, versions...); err == nil {
		return mapping, nil
	}
	return m.RESTMapper.RESTMapping(kind, versions...)
}

// knownKinds maps the charts' kinds that Kubernetes has served in these versions since 1.9.
func knownKinds() *meta.DefaultRESTMapper {
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion, rbacv1.SchemeGroupVersion})
	for version, kinds := range map[schema.GroupVersion][]string{
		corev1.SchemeGroupVersion: {"ServiceAccount", "Service", "Secret", "ConfigMap"},
		appsv1.SchemeGroupVersion: {"Deployment"},
		rbacv1.SchemeGroupVersion: {"Role", "RoleBinding"},
	} {
		for _, kind := range kinds {
			mapper.Add(version.WithKind(kind), meta.RESTScopeNamespace)
		}
	}
	for _, kind := range []string{"ClusterRole", "ClusterRoleBinding"} {
		mapper.Add(rbacv1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeRoot)
	}
	return mapper
}
