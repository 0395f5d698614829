import { useMay } from '../../api/session.ts';
import { TextLink } from '../../ui/links.tsx';

interface ConnectionLinkProps {
  /** Its id or its name. */
  readonly to: string;
  readonly name: string;
}

/** The system behind a machine: there it is tested and explained. Who may not see connections reads the name only. */
export function ConnectionLink({ to, name }: ConnectionLinkProps) {
  const reads = useMay('read:connections', 'admin:connections');
  if (!reads) return <>{name}</>;
  return (
    <TextLink to="/connections/$id" params={{ id: to }} inherit underline="always">
      {name}
    </TextLink>
  );
}
