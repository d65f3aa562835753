SELECT current_user::text AS role, current_setting('server_version') AS version,
       to_regclass('api.latency') IS NOT NULL AS migrated
